"""What the tests need to know of ``ops/reseating.py``, and of the in-place forms of views."""

FUNCTIONS = """
(x * 1).t_(); (v * 1).t_(); (x * 1).transpose_(0, 1); (cube * 1).transpose_(-1, 0); (cube * 1).swapaxes_(0, 2)
(x * 1).swapdims_(0, 1); (x * 1).unsqueeze_(0); (x * 1).unsqueeze_(-1); (one * 1).squeeze_(); (one * 1).squeeze_(0)
(one * 1).squeeze_((0, 2)); (x * 1).t_() * x.T; (x * 1)[0].unsqueeze_(1); (x * 1).unsqueeze_(1).squeeze_(1).t_()
x.detach().clone().resize_(2, 6); x.detach().clone().resize_((2, 2)); x.detach().clone().T.resize_(12)
x.detach().clone().resize_as_(cube.detach()[0]); x.detach().clone().set_(v.detach()); n.clone().resize_(3)
(x * 1).as_strided_((2, 2), (4, 1)); (x * 1).as_strided_((3,), (1,), 2)
"""

ERRORS = """
x.t_(); x.unsqueeze_(0); (x * 1).unsqueeze_(5); (x * 1).transpose_(0, 2); (cube * 1).t_(); (x * 1).resize_(2)
x.resize_(2); x.resize_as_(v); x.detach().resize_(-1); x.set_(v.detach()); (x * 1).squeeze_(4); x[0].squeeze_()
"""
